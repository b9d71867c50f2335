import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Transaction } from '../infrastructure/database.ts';
import type { EventSource } from './event-streams.ts';

export type Role = 'customer' | 'staff' | 'admin';

/** Who makes the request. */
export interface Identity {
  userId: string;
  role: Role;
  /** The login that this token or session belongs to; revoking it ends both. */
  loginId: string;
  /** How the caller proved it: a bearer token or a session cookie. */
  via: 'token' | 'session';
}

/** `public`: anybody; `user`: any login; otherwise a login with one of the roles. */
export type Access = 'public' | 'user' | readonly Role[];

export interface Reply {
  status: number;
  /** Sent as JSON; leave out for an empty reply. */
  body?: unknown;
  /** The same, serialized already. */
  json?: string;
  /** Sent as server-sent events, by a route that `streams`. */
  events?: EventSource;
  headers?: Readonly<Record<string, string>>;
}

export const ok = (body: unknown, headers: Record<string, string> = {}): Reply => ({
  status: 200,
  body,
  headers,
});
export const created = (body: unknown, location: string): Reply => ({
  status: 201,
  body,
  headers: { Location: location },
});
export const noContent: Reply = { status: 204 };

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler gets: parsed input, who asks, and the transaction that makes a creation happen once. */
export interface Call<Params, Query, Body, A extends Access> {
  params: Parsed<Params>;
  query: Parsed<Query>;
  body: Parsed<Body>;
  identity: A extends 'public' ? undefined : Identity;
  /**
   * Runs `effect` in a transaction of the feature's database, at most once for an Idempotency-Key; a repeat gets the
   * stored reply. Routes that declare `creates` must answer through it.
   */
  once(effect: (transaction: Transaction) => Promise<Reply>): Promise<Reply>;
  /** For what only Express can do, such as cookies. */
  http: { request: Request; response: Response };
}

/** One route: the single source for the router, the validation and the OpenAPI document. */
export interface RouteDefinition<Params, Query, Body, A extends Access> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below /v1/<feature>, in Express's form, such as `/users/:id`. */
  path: string;
  summary: string;
  access: A;
  /** A POST that creates something, and so honours the Idempotency-Key header. */
  creates?: boolean;
  /** Answers 200 with server-sent events, whose data are what `replies` says. */
  streams?: boolean;
  params?: Params;
  query?: Query;
  body?: Body;
  /** Schemas of the successful replies by status; null for an empty one. */
  replies: Readonly<Record<number, z.ZodType | null>>;
  /** The problem codes that are this route's own, by status, for the document. */
  problems?: Readonly<Record<number, readonly string[]>>;
  handle(call: Call<Params, Query, Body, A>): Promise<Reply>;
}

// biome-ignore lint/suspicious/noExplicitAny: a list holds routes of every shape; each was checked where it was made
export type Route = RouteDefinition<any, any, any, any>;

/** The routes below /v1/<name>. */
export interface RouteGroup {
  /** Also the name of the feature's nginx upstream and its tag in the OpenAPI document. */
  name: string;
  description: string;
  routes: readonly Route[];
}

/** Infers a route's types from its schemas. */
export const route = <
  A extends Access,
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  definition: RouteDefinition<Params, Query, Body, A>,
): Route => definition;
