import express from 'express';
import { PORT } from './environment.mjs';

/** express.static with its default settings and nothing else. */
const app = express();
app.use(express.static(process.env.FOLDER));
app.listen(PORT, '127.0.0.1');
