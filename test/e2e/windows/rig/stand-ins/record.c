#include "rig.h"
#include <shellapi.h>
#include <tlhelp32.h>

/* A JSON text that grows. */
static char *json;
static size_t used, room;

static void add(const char *bytes, size_t length) {
  if (used + length + 1 > room) json = realloc(json, room = (used + length + 1) * 2);
  memcpy(json + used, bytes, length);
  used += length;
}

static void raw(const char *text) { add(text, strlen(text)); }

static void quoted(const wchar_t *text) {
  char *bytes = rig_utf8(text), escape[8];
  raw("\"");
  for (char *at = bytes; *at; at++) {
    if (*at == '"' || *at == '\\') add("\\", 1), add(at, 1);
    else if ((unsigned char)*at < 0x20) sprintf(escape, "\\u%04x", *at), raw(escape);
    else add(at, 1);
  }
  raw("\"");
  free(bytes);
}

static void number(const char *name, unsigned long long value) {
  char text[64];
  sprintf(text, ",\"%s\":%llu", name, value);
  raw(text);
}

static DWORD parent(void) {
  PROCESSENTRY32W entry = {sizeof entry};
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  DWORD found = 0;
  for (BOOL more = Process32FirstW(all, &entry); more && !found; more = Process32NextW(all, &entry))
    if (entry.th32ProcessID == GetCurrentProcessId()) found = entry.th32ParentProcessID;
  CloseHandle(all);
  return found;
}

static void begin(void) {
  wchar_t text[32768];
  int count;
  wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
  used = 0;
  GetModuleFileNameW(NULL, text, COUNT(text));
  raw("{\"program\":"), quoted(text);
  raw(",\"commandLine\":"), quoted(GetCommandLineW());
  raw(",\"argv\":[");
  for (int i = 0; i < count; i++) raw(i ? "," : ""), quoted(words[i]);
  GetCurrentDirectoryW(COUNT(text), text);
  raw("],\"cwd\":"), quoted(text);
  number("pid", GetCurrentProcessId());
  number("parent", parent());
  number("uptime", GetTickCount64());
}

static void end(const wchar_t *file) {
  raw("}\n");
  rig_append(file, json, used);
}

void rig_record_call(void) {
  begin();
  end(RIG L"calls.log");
}

void rig_record_start(void) {
  begin();
  raw(",\"env\":{");
  wchar_t *block = GetEnvironmentStringsW();
  BOOL first = TRUE;
  for (wchar_t *each = block; *each; each += wcslen(each) + 1) {
    wchar_t *sign = wcschr(each + 1, L'=');
    if (*each == L'=' || !sign) continue;
    wchar_t name[512];
    wcsncpy(name, each, COUNT(name) - 1);
    name[min((size_t)(sign - each), COUNT(name) - 1)] = 0;
    raw(first ? "" : ","), quoted(name), raw(":"), quoted(sign + 1);
    first = FALSE;
  }
  raw("}");
  end(RIG L"starts.log");
}

void rig_live(const wchar_t *text) {
  wchar_t path[MAX_PATH];
  DWORD written;
  swprintf(path, MAX_PATH, RIG L"live\\%lu.txt", GetCurrentProcessId());
  /* Its handle is never closed: Windows deletes the file with the process, even when that is killed. */
  HANDLE file = CreateFileW(path, GENERIC_WRITE | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE | FILE_SHARE_WRITE, NULL,
                            CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
  char *bytes = rig_utf8(text);
  WriteFile(file, bytes, strlen(bytes), &written, NULL);
  free(bytes);
}
