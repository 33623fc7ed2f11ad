// V8 would take the initialiser of this class for its constructor.
const make = () => class { field = 1; method() { return this.field; } };
exports.run = () => new (make())().method();
