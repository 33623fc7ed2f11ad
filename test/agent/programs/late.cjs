const top = 'late top';
exports.top = () => top; // <- late
const after = `${top}!`; // <- lateTop
exports.after = () => after;
