/** What other features may know of an account. */
export interface Account {
  id: string;
  email: string;
  name: string;
}

/** Accounts as their neighbours see them: JSON-safe, asynchronous, failing only with AppError. */
export interface AccountsContract {
  /** @throws {AppError} 404 `not_found`. */
  findAccount(id: string): Promise<Account>;
}
