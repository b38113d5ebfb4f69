#!/usr/bin/env node
/** The command line. Each command is a file in `commands/`; here stand their names, arguments and options. */
import { runProgram } from './commands/run-program.ts';

process.exitCode = await runProgram(process.argv);
