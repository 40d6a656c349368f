export const formats = ['json', 'avro', 'protobuf'] as const
/** In which language a schema is written, and what is on the topic by it. */
export type Format = (typeof formats)[number]

/** The format of a schema in a file: as it is given, else by the end of the file's name. */
export function formatOf(file: string, given: string | undefined): Format {
  const named = formats.find(format => format === given)
  if (named !== undefined) return named
  return /\.avsc$/i.test(file) ? 'avro' : /\.(proto|desc|binpb)$/i.test(file) ? 'protobuf' : 'json'
}
