/** A request the shop cannot serve: the HTTP status and a sentence for the person who sent it. */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
