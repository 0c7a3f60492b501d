/**
 * What we use of `node:http`. An `import` of it asks for all that the module has, by which Node loads its own `fetch`: that is
 * 14 MiB in each thread.
 */
export const { createServer, maxHeaderSize, STATUS_CODES } = process.getBuiltinModule('node:http');
