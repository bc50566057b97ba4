#define _GNU_SOURCE
#include "actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener = -1;
static int connection = -1;

static int address(char **a, struct sockaddr_in *out)
{
	memset(out, 0, sizeof(*out));
	out->sin_family = AF_INET;
	out->sin_port = htons((unsigned short)strtoul(a[1], NULL, 10));
	if (inet_pton(AF_INET, a[0], &out->sin_addr) == 1)
		return 0;
	errno = EINVAL;
	return -1;
}

/* Gives the loopback device of a network namespace of our own the address args[0]; it exists nowhere else. */
static int do_private_network(char **a)
{
	char *at[] = {a[0], "0"};
	struct ifreq request = {.ifr_name = "lo"};
	if (unshare(CLONE_NEWNET) < 0 || address(at, (struct sockaddr_in *)&request.ifr_addr) < 0)
		return -1;
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (control < 0)
		return -1;
	int failed = ioctl(control, SIOCSIFADDR, &request) < 0;
	request.ifr_flags = IFF_UP;
	failed = failed || ioctl(control, SIOCSIFFLAGS, &request) < 0;
	close(control);
	return failed ? -1 : 0;
}

static int do_listen(char **a)
{
	struct sockaddr_in where;
	int one = 1;
	if (address(a, &where) < 0)
		return -1;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(listener, (struct sockaddr *)&where, sizeof(where)) < 0 ? -1 : listen(listener, 4);
}

static int do_connect(char **a)
{
	struct sockaddr_in where;
	if (address(a, &where) < 0)
		return -1;
	connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return connect(connection, (struct sockaddr *)&where, sizeof(where));
}

/* Puts the connection in the place of descriptor args[0], as a reverse shell does before it becomes a shell. */
static int do_dup_connection(char **a)
{
	return dup2(connection, (int)strtol(a[0], NULL, 10)) < 0 ? -1 : 0;
}

static int do_packet_socket(char **a)
{
	(void)a;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	return fd < 0 ? -1 : close(fd);
}

const struct command network_commands[] = {
	{"private-network", 1, do_private_network},
	{"listen", 2, do_listen},
	{"connect", 2, do_connect},
	{"dup-connection", 1, do_dup_connection},
	{"packet-socket", 0, do_packet_socket},
	{NULL, 0, NULL},
};
