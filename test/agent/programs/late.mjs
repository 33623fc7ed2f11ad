const top = 'late module';
export const after = () => `${top}!`; // <- late
