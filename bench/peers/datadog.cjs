// dd-trace without its tracing plugins, so that only its dynamic instrumentation is compared.
require(process.env.BENCH_PEER).init(process.env.BENCH_PEER_TRACES === '1' ? {} : { plugins: false });
