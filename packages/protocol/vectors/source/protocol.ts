/** The only door from the vectors to the package they describe. */
// biome-ignore lint/style/noRestrictedImports: vectors are made by the package's own encoder, outside of it.
export * from '../../src/index.ts';
