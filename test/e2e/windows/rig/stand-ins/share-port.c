/*
 * Preloaded into the wineserver, which owns the sockets of all Windows programs: lets a server on one address and one on
 * all addresses share a port, as Windows does and Linux does not (facts/windows.md 7). The more exact address gets its
 * connections, as on Windows; the same address twice is refused as ever.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int taken_in(const char *table, const char *address, unsigned port, int any) {
  char line[512], local[40];
  unsigned number, state;
  int taken = 0;
  FILE *rows = fopen(table, "r");
  if (!rows) return 0;
  while (!taken && fgets(line, sizeof line, rows)) {
    if (sscanf(line, " %*d: %39[0-9A-F]:%X %*[0-9A-F]:%*X %X", local, &number, &state) != 3) continue;
    if (number != port || state != 0x0A) continue;
    int wildcard = strspn(local, "0") == strlen(local);
    taken = any ? wildcard : strcmp(local, address) == 0;
  }
  fclose(rows);
  return taken;
}

static int taken(const struct sockaddr *where) {
  char address[40] = "";
  unsigned port;
  int any;
  if (where->sa_family == AF_INET) {
    const struct sockaddr_in *four = (const void *)where;
    port = ntohs(four->sin_port);
    any = four->sin_addr.s_addr == INADDR_ANY;
    sprintf(address, "%08X", four->sin_addr.s_addr);
  } else {
    const struct sockaddr_in6 *six = (const void *)where;
    port = ntohs(six->sin6_port);
    any = IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
    for (int i = 0; i < 4; i++) sprintf(address + 8 * i, "%08X", ((const unsigned *)&six->sin6_addr)[i]);
  }
  if (port == 0) return 0;
  return taken_in("/proc/self/net/tcp", address, port, any) || taken_in("/proc/self/net/tcp6", address, port, any);
}

int bind(int fd, const struct sockaddr *where, socklen_t size) {
  static int (*real)(int, const struct sockaddr *, socklen_t);
  int type = 0, on = 1;
  socklen_t length = sizeof type;
  if (!real) real = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
  if ((where->sa_family == AF_INET || where->sa_family == AF_INET6) && type == SOCK_STREAM) {
    if (taken(where)) {
      errno = EADDRINUSE;
      return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  return real(fd, where, size);
}
