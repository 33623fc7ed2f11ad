/** Ceilings checked in the same transaction that inserts an action, so that parallel calls cannot pass them together. */
export interface PlacementQuota {
  hitsPerHour: number;
  hitsPerInvestigation: number;
  concurrentPerPrincipal: number;
  concurrentPerInvestigation: number;
  concurrentPerAgent: number;
  concurrentPerOrg: number;
}
