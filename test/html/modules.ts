/** A module of the pages, which are plain JavaScript that browsers run as it is; the caller says what is in it. */
export async function importPageModule<T>(name: string): Promise<T> {
  return (await import(new URL(`../../html/${name}`, import.meta.url).href)) as T;
}
