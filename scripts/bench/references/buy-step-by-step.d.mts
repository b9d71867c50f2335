export declare const SCHEMA: string;
