import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

/** What was recorded so far. */
export interface Recording {
  spans(): ReadableSpan[];
  named(name: string): ReadableSpan;
}

/** Records spans as an SDK that an operator brings does. */
export function recording(): Recording {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  const spans = () => exporter.getFinishedSpans();
  return {
    spans,
    named(name) {
      const found = spans().find((span) => span.name === name);
      if (found === undefined) throw new Error(`no span ${name} among ${spans().map((span) => span.name)}`);
      return found;
    },
  };
}

/** As if nobody had brought an SDK. */
export function stopRecording(): void {
  trace.disable();
  context.disable();
}
