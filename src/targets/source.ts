/** What a caller names instead of agents; every given part must fit. */
export interface SourceSelector {
  service?: string;
  environment?: string;
  version?: string;
  tag?: string;
  pool?: string;
  agentIds?: string[];
}
