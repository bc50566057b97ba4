/* A stand-in program for the live tests: it does on the command line's word what an intruder would do, harmlessly.
 *
 * Usage: actor STEP [, STEP]...   where STEP is [try] COMMAND [ARGUMENT...]
 * A failing step ends the program with exit code 1 and the errno text on stderr; `try` carries on instead.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include <stddef.h>

#define REST (-1)

/* args has exactly `count` entries (REST: everything up to the next comma), followed by NULL. 0 is success, else errno is set. */
struct command {
	const char *name;
	int count;
	int (*run)(char **args);
};

extern const struct command file_commands[];
extern const struct command process_commands[];
extern const struct command network_commands[];
extern const struct command kernel_commands[];
extern const struct command ring_commands[];

/* Forks, executes args[0] with args and waits. 0 when the child was started, whatever its exit code was. */
int spawn_and_wait(char **args);

#endif
