// CommonJS on purpose: real programs mix both module systems, and a probe must work in either.

const zones: Record<string, { base: number; perKg: number }> = {
  DE: { base: 3.9, perKg: 0.5 },
  FR: { base: 5.9, perKg: 0.8 },
  GB: { base: 7.9, perKg: 1.2 },
};

const elsewhere = { base: 14.9, perKg: 4 };
const maxParcelKg = 10;

/** Euros to send so many kilograms to a country, in as many parcels as it takes. */
export function shippingCost(country: string, weightKg: number): number {
  const zone = zones[country] ?? elsewhere;
  const parcels = Math.max(1, Math.ceil(weightKg / maxParcelKg));
  return parcels * zone.base + weightKg * zone.perKg;
}
