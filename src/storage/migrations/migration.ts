/** One step of the schema. Once released, a step is never changed; a new one is added instead. */
export interface Migration {
  version: number;
  name: string;
  statements: string[];
}
