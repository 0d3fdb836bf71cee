/** The parts of the package that the tests use. The package has no types of its own. */
declare module "event-source-polyfill" {
  export interface PolyfillOptions {
    readonly headers?: Readonly<Record<string, string>>;
    /** @default "lastEventId" */
    readonly lastEventIdQueryParameterName?: string;
  }

  export interface PolyfillMessage {
    readonly data: string;
    readonly lastEventId: string;
  }

  export class EventSourcePolyfill {
    readonly readyState: number;
    constructor(url: string, options?: PolyfillOptions);
    addEventListener(type: "message", listener: (event: PolyfillMessage) => void): void;
    addEventListener(type: "open", listener: () => void): void;
    addEventListener(type: "error", listener: (event: { readonly status?: number }) => void): void;
    close(): void;
  }
}
