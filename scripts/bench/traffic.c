/*
 * Traffic through a NAT. One process, one role:
 *
 *   TRAFFIC=sink  PORT=N               takes TCP connections and reads them to their end, on CPU 1; until killed
 *   TRAFFIC=awake PORT=N               the same without ever sleeping: who connects does not wake it, which from one CPU to
 *                                      another takes as long as a connection, or nothing where it is awake by chance
 *   TRAFFIC=tcp   TO=IP PORT=N MS=N    writes for that long: prints bytes acknowledged and nanoseconds
 *   TRAFFIC=connect TO=IP PORT=N COUNT=N  connects and closes, one after the other: prints connections, nanoseconds, and the
 *                                      median nanoseconds of one
 *   TRAFFIC=udp   TO=IP PORT=N COUNT=N sends small datagrams of one flow: prints datagrams and nanoseconds
 *   TRAFFIC=flows TO=IP PORT=N COUNT=N the same, each datagram a new flow (ports N, N+1, ...)
 *
 * Senders stay on CPU 0: there, a send returns when the packet has gone all its way through both namespaces, so the time
 * of the sends is the time of the path.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 17];

static int checked(int result, const char *what) {
  if (result >= 0) return result;
  printf("%s: %s\n", what, strerror(errno));
  exit(1);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void stay_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set); /* a machine of one CPU has no choice */
}

static struct sockaddr_in address(const char *ip) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT")))};
  if (ip) inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}

static void sink(int flags) {
  struct sockaddr_in a = address(NULL);
  int one = 1, fd = checked(socket(AF_INET, SOCK_STREAM | flags, 0), "socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  checked(bind(fd, (void *)&a, sizeof a), "bind");
  checked(listen(fd, 4096), "listen"); /* one that was full would drop what the next connection sends */
  for (;;) {
    int peer = accept(fd, NULL, NULL);
    if (peer < 0 && errno == EAGAIN) continue;
    checked(peer, "accept");
    while (read(peer, buffer, sizeof buffer) > 0) continue;
    close(peer);
  }
}

static void tcp(void) {
  struct sockaddr_in a = address(getenv("TO"));
  int fd = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
  checked(connect(fd, (void *)&a, sizeof a), "connect");
  long long bytes = 0, start = now(), stop = start + atoll(getenv("MS")) * 1000000;
  while (now() < stop) bytes += checked(write(fd, buffer, sizeof buffer), "write");
  shutdown(fd, SHUT_WR);
  checked(read(fd, buffer, 1), "read"); /* the sink closes when it has read everything */
  printf("%lld %lld\n", bytes, now() - start);
}

static void udp(int step) {
  struct sockaddr_in a = address(getenv("TO"));
  int count = atoi(getenv("COUNT")), port = ntohs(a.sin_port), fd = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  long long start = now();
  for (int i = 0; i < count; i++) {
    a.sin_port = htons(port + i * step);
    checked(sendto(fd, buffer, 16, 0, (void *)&a, sizeof a), "sendto");
  }
  printf("%d %lld\n", count, now() - start);
}

static int by_value(const void *a, const void *b) {
  long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

static void connections(void) {
  struct sockaddr_in a = address(getenv("TO"));
  struct linger reset = {1, 0}; /* no port stays in TIME_WAIT */
  int count = atoi(getenv("COUNT"));
  long long *took = calloc(count, sizeof *took), start = now();
  for (int i = 0; i < count; i++) {
    long long begin = now();
    int fd = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
    checked(connect(fd, (void *)&a, sizeof a), "connect");
    took[i] = now() - begin;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
  }
  long long all = now() - start;
  qsort(took, count, sizeof *took, by_value);
  printf("%d %lld %lld\n", count, all, took[count / 2]);
}

int main(void) {
  const char *role = getenv("TRAFFIC");
  int isAwake = !strcmp(role, "awake");
  stay_on(isAwake || !strcmp(role, "sink"));
  if (isAwake || !strcmp(role, "sink")) sink(isAwake ? SOCK_NONBLOCK : 0);
  else if (!strcmp(role, "tcp")) tcp();
  else if (!strcmp(role, "connect")) connections();
  else udp(!strcmp(role, "flows"));
  return 0;
}
