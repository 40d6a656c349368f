/** Where what is needed is to be, and for whom. */
export type Cluster = Readonly<{
  brokers: string // host:port,host:port
  principal: string // such as User:sluice
  idempotentWrite: boolean // brokers before 3.0 ask for it
  strimzi: Readonly<{
    cluster: string
    namespace: string | undefined
    user: string
    authentication: 'tls' | 'scram-sha-512'
  }>
}>
