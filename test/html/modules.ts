/** Imports a module of the hub's pages, which is plain JavaScript. The caller gives its type. */
export async function importPageModule<T>(name: string): Promise<T> {
  return (await import(new URL(`../../html/${name}`, import.meta.url).href)) as T;
}
