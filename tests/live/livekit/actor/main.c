#include "actor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGS 64

static const struct command *const families[] = {file_commands, process_commands, network_commands, kernel_commands, ring_commands};

static const struct command *find(const char *name)
{
	for (size_t family = 0; family < sizeof(families) / sizeof(families[0]); family++)
		for (const struct command *c = families[family]; c->name; c++)
			if (!strcmp(c->name, name))
				return c;
	return NULL;
}

/* Moves one step's words into step (NULL-terminated) and returns how many words of words were consumed, comma included. */
static int take_step(char **words, char **step)
{
	int count = 0;
	while (words[count] && strcmp(words[count], ",")) {
		if (count == MAX_ARGS - 1)
			exit(64);
		step[count] = words[count];
		count++;
	}
	step[count] = NULL;
	return words[count] ? count + 1 : count;
}

static int count_words(char **words)
{
	int count = 0;
	while (words[count])
		count++;
	return count;
}

static void run_step(char **step)
{
	int tolerant = step[0] && !strcmp(step[0], "try");
	step += tolerant;
	const struct command *command = step[0] ? find(step[0]) : NULL;
	if (!command || (command->count != REST && command->count != count_words(step + 1))) {
		fprintf(stderr, "actor: bad step '%s'\n", step[0] ? step[0] : "");
		exit(64);
	}
	if (command->run(step + 1) == 0)
		return;
	fprintf(stderr, "actor: %s: %s\n", command->name, strerror(errno));
	if (!tolerant)
		exit(1);
}

int main(int argc, char **argv)
{
	char *step[MAX_ARGS];
	for (int at = 1; at < argc;) {
		at += take_step(argv + at, step);
		run_step(step);
	}
	return 0;
}
