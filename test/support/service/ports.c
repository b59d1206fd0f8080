/*
 * Clients and servers for machines that have no other: TCP, UDP and SCTP.
 *
 *   ports serve NAME PROTOCOL PORT        answers with NAME and whom it sees, until it is killed
 *   ports ask TIMES MS [PROTOCOL ADDRESS PORT]...  asks each so often: a line for each answer, "refused" or "nothing"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int open_socket(int family, const char *protocol) {
  if (!strcmp(protocol, "udp")) return socket(family, SOCK_DGRAM, 0);
  return socket(family, SOCK_STREAM, strcmp(protocol, "sctp") ? IPPROTO_TCP : IPPROTO_SCTP);
}

static int fail(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  return 1;
}

static int answer(char *text, size_t size, const char *name, const struct sockaddr_in6 *from) {
  char seen[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &from->sin6_addr, seen, sizeof seen);
  return snprintf(text, size, "%s %s", name, strncmp(seen, "::ffff:", 7) ? seen : seen + 7);
}

static int serve(const char *name, const char *protocol, const char *port) {
  struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))}, from;
  int is_udp = !strcmp(protocol, "udp"), fd = open_socket(AF_INET6, protocol);
  if (fd < 0 || bind(fd, (void *)&own, sizeof own) || (!is_udp && listen(fd, 1000))) return fail("serve");
  for (;;) {
    socklen_t size = sizeof from;
    char text[200];
    if (is_udp) {
      if (recvfrom(fd, text, sizeof text, 0, (void *)&from, &size) < 0) continue;
      sendto(fd, text, answer(text, sizeof text, name, &from), 0, (void *)&from, size);
      continue;
    }
    int peer = accept(fd, (void *)&from, &size);
    if (peer < 0) continue;
    send(peer, text, answer(text, sizeof text, name, &from), MSG_NOSIGNAL);
    /* An association of SCTP that is closed gives up what has not been read. */
    shutdown(peer, SHUT_WR);
    recv(peer, text, sizeof text, 0);
    close(peer);
  }
}

static const char *ask(const char *protocol, const char *address, const char *port, int ms, char *text, size_t size) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
  int is_six = strchr(address, ':') != NULL, on = 1;
  struct timeval patience = {ms / 1000, ms % 1000 * 1000};
  int fd = open_socket(is_six ? AF_INET6 : AF_INET, protocol);
  if (fd < 0) return strerror(errno);
  inet_pton(is_six ? AF_INET6 : AF_INET, address, is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  /* Without it SCTP goes on where a port is unreachable. */
  setsockopt(fd, is_six ? IPPROTO_IPV6 : IPPROTO_IP, is_six ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
  int failed = connect(fd, is_six ? (void *)&six : (void *)&four, is_six ? sizeof six : sizeof four);
  if (!failed && !strcmp(protocol, "udp")) failed = send(fd, "?", 1, 0) < 0;
  ssize_t length = failed ? -1 : recv(fd, text, size - 1, 0);
  int why = errno, told = 0;
  socklen_t int_size = sizeof told;
  /* SCTP notes it and goes on; a sender on the machine itself is told in other words. */
  if (length < 0 && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &told, &int_size) && told) why = told;
  close(fd);
  if (length >= 0) text[length] = 0;
  if (length >= 0) return text;
  return why == ECONNREFUSED || why == EPERM ? "refused" : why == EAGAIN || why == EINPROGRESS || why == ETIMEDOUT ? "nothing" : strerror(why);
}

int main(int argc, char **argv) {
  if (argc == 5 && !strcmp(argv[1], "serve")) return serve(argv[2], argv[3], argv[4]);
  if (argc < 4 || strcmp(argv[1], "ask")) return 2;
  for (int i = 4; i + 2 < argc; i += 3)
    for (int n = atoi(argv[2]); n > 0; n--) {
      char text[200];
      puts(ask(argv[i], argv[i + 1], argv[i + 2], atoi(argv[3]), text, sizeof text));
    }
  return 0;
}
