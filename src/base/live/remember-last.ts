/**
 * Returns `make` with a memory of its last result. While the value is the same, `make` does not run again. Use it for
 * what is expensive to make from a setting that can change.
 */
export function rememberLast<Value, Result>(make: (value: Value) => Result): (value: Value) => Result {
  let last: { readonly value: Value; readonly result: Result } | undefined;
  return (value) => {
    if (last === undefined || last.value !== value) last = { value, result: make(value) };
    return last.result;
  };
}
