/** What is opened for a while: a test, or a trial. What is handed to `after` is done when it ends. */
export type Scope = Readonly<{ after: (end: () => PromiseLike<void> | void) => void }>
