/* Calls through the 32-bit entry from a 64-bit program, each with what the test looks for in its event. Everything that
 * a call points to is static: linked without -pie it lies below 4 GiB. */

struct narrow_address {
	unsigned short family;
	unsigned char text[26];
};

static char shadow[] = "/etc/shadow", missing[] = "/yk/missing", folder[] = "/tmp";
static char true_path[] = "/bin/true", argument[] = "of-32-bits";
static struct narrow_address inet = { 2, { 0, 9, 127, 0, 0, 1 } };
static unsigned int words[6];
static short operations[6] = { 1, -2, 0x800, 3, 4, 0 };
static unsigned int option;
static char buffer[64];

static unsigned int low(const void *pointer)
{
	return (unsigned int)(unsigned long)pointer;
}

static int call(int nr, unsigned int a, unsigned int b, unsigned int c, unsigned int d, unsigned int e)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static int socketcall(int operation, unsigned int a, unsigned int b, unsigned int c)
{
	words[0] = a;
	words[1] = b;
	words[2] = c;
	return call(102, operation, low(words), 0, 0, 0);
}

int main(void)
{
	int fd = call(5, low(shadow), 0, 0, 0, 0), inet_fd;

	if (fd == -38)
		return 77;
	call(140, fd, 1, 2, low(buffer), 0); /* _llseek: 1 << 32 | 2 */
	call(180, fd, low(buffer), 8, 3, 4); /* pread64 at 4 << 32 | 3 */
	words[0] = low(buffer);
	words[1] = 5;
	words[2] = low(buffer);
	words[3] = 6;
	call(333, fd, low(words), 2, 5, 6);  /* preadv at 6 << 32 | 5 */
	call(334, fd, low(words), 2, 7, -2); /* pwritev at -2 << 32 | 7 */
	call(10, low(missing), 0, 0, 0, 0);
	call(22, low(missing), 0, 0, 0, 0);
	call(52, low(missing), 2, 0, 0, 0);
	call(38, low(missing), low(folder), 0, 0, 0);
	call(18, low(missing), low(buffer), 0, 0, 0);
	words[0] = 0;
	words[1] = 8192;
	words[2] = 1;
	words[3] = 0x22;
	words[4] = -1;
	words[5] = 0;
	call(90, low(words), 0, 0, 0, 0);
	call(192, 0, 12288, 1, 0x22, -1);
	inet_fd = socketcall(1, 2, 2, 0);
	socketcall(3, inet_fd, low(&inet), 16);
	call(362, inet_fd, low(&inet), 16, 0, 0);
	option = 5;
	call(117, 2, 0x1234, 6, 0, 0);                /* semget */
	call(117, 3, -1, 7, 0x110, low(&option));     /* semctl SETVAL | IPC_64 */
	call(117, 1, -1, 2, 0, low(operations));      /* semop */
	call(403, 1, low(buffer), 0, 0, 0);
	words[0] = low(true_path);
	words[1] = low(argument);
	words[2] = 0;
	words[3] = 0;
	call(11, low(true_path), low(words), low(words + 3), 0, 0);
	return 1;
}
