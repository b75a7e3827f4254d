/*
 * ollama.exe: `serve` binds as Ollama does (a wildcard is one dual-stack socket), answers over HTTP, logs to standard
 * error, and ends when the tray app asks. facts/windows.md 4.1, 4.2, 7; the words are Ollama's own.
 */
#include "rig.h"

static wchar_t version[64] = L"0.33.0";

struct address {
  wchar_t host[256];
  int port;
};

/* OLLAMA_HOST as envconfig.Host reads it. */
static struct address configured(void) {
  struct address address = {L"127.0.0.1", 11434};
  wchar_t value[512] = L"", *text = value;
  GetEnvironmentVariableW(L"OLLAMA_HOST", value, COUNT(value));
  while (*text && wcschr(L" \t\r\n\"'", *text)) text++;
  for (size_t end = wcslen(text); end > 0 && wcschr(L" \t\r\n\"'", text[end - 1]); end--) text[end - 1] = 0;
  wchar_t *scheme = wcsstr(text, L"://");
  if (scheme) {
    if (!wcsncmp(text, L"http:", 5)) address.port = 80;
    if (!wcsncmp(text, L"https:", 6)) address.port = 443;
    text = scheme + 3;
  }
  wchar_t *path = wcschr(text, L'/');
  if (path) *path = 0;
  wchar_t *close = *text == L'[' ? wcschr(text, L']') : NULL;
  wchar_t *colon = close ? (close[1] == L':' ? close + 1 : NULL) : wcsrchr(text, L':');
  if (!close && colon && wcschr(text, L':') != colon) colon = NULL;
  if (colon) {
    wchar_t *end;
    unsigned long port = wcstoul(colon + 1, &end, 10);
    if (*end || port > 65535 || !colon[1]) fwprintf(stderr, L"time=2026-08-21T10:00:00.000+02:00 level=WARN source=config.go:45 msg=\"invalid port, using default\" port=%ls default=%d\n", colon + 1, address.port);
    else address.port = port;
    *colon = 0;
    wcscpy(address.host, L"");
  }
  if (close) *close = 0;
  if (*text || colon) wcsncpy(address.host, close ? text + 1 : text, COUNT(address.host) - 1);
  return address;
}

static BOOL excluded(int port) {
  wchar_t *text = rig_text(RIG L"switches\\excluded-ports"), *at = text, *line;
  int from, to;
  BOOL found = FALSE;
  while ((line = rig_line(&at)))
    if (swscanf(line, L"%d %d", &from, &to) == 2 && port >= from && port <= to) found = TRUE;
  free(text);
  return found;
}

/* Go's words for where the listener is; empties `live` into netstat's rows of it. */
static SOCKET bound(struct address address, wchar_t *shown, wchar_t *live, int *error) {
  wchar_t port[8];
  BOOL any = !*address.host || !wcscmp(address.host, L"0.0.0.0") || !wcscmp(address.host, L"::");
  swprintf(port, COUNT(port), L"%d", address.port);
  ADDRINFOW hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  if (wcscmp(address.host, L"localhost") == 0) hints.ai_family = AF_INET;
  *error = GetAddrInfoW(any ? L"::" : address.host, port, &hints, &found);
  if (*error) return INVALID_SOCKET;
  BOOL six = found->ai_family == AF_INET6;
  SOCKET listener = socket(found->ai_family, SOCK_STREAM, IPPROTO_TCP);
  DWORD only = 0;
  if (any) setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&only, sizeof only);
  wchar_t host[64];
  InetNtopW(found->ai_family, six ? (void *)&((SOCKADDR_IN6 *)found->ai_addr)->sin6_addr : (void *)&((SOCKADDR_IN *)found->ai_addr)->sin_addr, host, COUNT(host));
  wsprintfW(shown, six ? L"[%s]:%s" : L"%s:%s", host, port);
  if (any) wsprintfW(live, L"0.0.0.0:%s\n[::]:%s\n", port, port);
  else wsprintfW(live, L"%s\n", shown);
  if (excluded(address.port)) *error = WSAEACCES;
  else if (bind(listener, found->ai_addr, found->ai_addrlen) || listen(listener, 64)) *error = WSAGetLastError();
  return listener;
}

static const char *reason(int error) {
  if (error == WSAEACCES) return "An attempt was made to access a socket in a way forbidden by its access permissions.";
  if (error == WSAEADDRINUSE)
    return "Only one usage of each socket address (protocol/network address/port) is normally permitted.";
  return "The requested address is not valid in its context.";
}

static DWORD WINAPI answer(void *which) {
  SOCKET client = (SOCKET)(ULONG_PTR)which;
  char request[4096] = "", body[512], head[1024];
  int size = recv(client, request, sizeof request - 1, 0);
  BOOL known = TRUE, json = TRUE;
  if (size > 0) {
    char *path = strchr(request, ' ');
    path = path ? path + 1 : "";
    if (!strncmp(path, "/api/version", 12)) sprintf(body, "{\"version\":\"%ls\"}", version);
    else if (!strncmp(path, "/api/tags", 9)) {
      wchar_t models[16] = L"default";
      /* Models are found where OLLAMA_MODELS says: a server without the user's variable shows none of them. */
      GetEnvironmentVariableW(L"OLLAMA_MODELS", models, COUNT(models));
      sprintf(body, "{\"models\":[{\"name\":\"%s:latest\"}]}", wcscmp(models, L"default") ? "custom" : "llama3");
    } else if (!strncmp(path, "/api/ps", 7)) strcpy(body, "{\"models\":[]}");
    else if (path[0] == '/' && path[1] == ' ') strcpy(body, "Ollama is running"), json = FALSE;
    else strcpy(body, "404 page not found"), known = json = FALSE;
    BOOL empty = !strncmp(request, "HEAD ", 5);
    int length = sprintf(head, "HTTP/1.1 %s\r\nContent-Type: %s; charset=utf-8\r\nX-Rig-Pid: %lu\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                         known ? "200 OK" : "404 Not Found", json ? "application/json" : "text/plain", GetCurrentProcessId(), (int)strlen(body), empty ? "" : body);
    send(client, head, length, 0);
  }
  shutdown(client, SD_SEND);
  while (recv(client, request, sizeof request, 0) > 0) {}
  closesocket(client);
  return 0;
}

static DWORD WINAPI stop(void *event) {
  WaitForSingleObject(event, INFINITE);
  ExitProcess(0);
}

static int serve(void) {
  wchar_t shown[128] = L"", live[256] = L"", name[64];
  int error = 0;
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  rig_record_start();
  Sleep(rig_number(L"slow-server", 0));
  SOCKET listener = bound(configured(), shown, live, &error);
  if (error) {
    fprintf(stderr, "Error: listen tcp %ls: bind: %s\n", shown, reason(error));
    return 1;
  }
  rig_live(live);
  /* Stands for the Ctrl-Break of the tray app, which needs consoles that Wine lacks. */
  swprintf(name, COUNT(name), L"Local\\rig-stop-%lu", GetCurrentProcessId());
  CloseHandle(CreateThread(NULL, 0, stop, CreateEventW(NULL, TRUE, FALSE, name), 0, NULL));
  fprintf(stderr, "time=2026-08-21T10:00:00.000+02:00 level=INFO source=routes.go:2008 msg=\"Listening on %ls (version %ls)\"\n", shown, version);
  fflush(stderr);
  for (;;) {
    SOCKET client = accept(listener, NULL, NULL);
    if (client == INVALID_SOCKET) return 1;
    CloseHandle(CreateThread(NULL, 0, answer, (void *)(ULONG_PTR)client, 0, NULL));
  }
}

int wmain(int count, wchar_t **words) {
  rig_switch(L"version", version, COUNT(version));
  if (count > 1 && (!wcscmp(words[1], L"--version") || !wcscmp(words[1], L"-v"))) {
    rig_record_call();
    printf("ollama version is %ls\n", version);
    return 0;
  }
  if (count > 1 && (!wcscmp(words[1], L"serve") || !wcscmp(words[1], L"start"))) return serve();
  rig_record_call();
  fprintf(stderr, "Error: unknown command \"%ls\" for \"ollama\"\n", count > 1 ? words[1] : L"");
  return 1;
}
