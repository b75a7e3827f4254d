#include "rig.h"

wchar_t *rig_text(const wchar_t *path) {
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return NULL;
  DWORD size = GetFileSize(file, NULL), got = 0;
  char *bytes = calloc(size + 1, 1);
  ReadFile(file, bytes, size, &got, NULL);
  CloseHandle(file);
  wchar_t *text = calloc(got + 1, sizeof *text);
  MultiByteToWideChar(CP_UTF8, 0, bytes, got, text, got);
  free(bytes);
  return text;
}

void rig_append(const wchar_t *path, const char *bytes, size_t length) {
  HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  DWORD written;
  if (file == INVALID_HANDLE_VALUE) return;
  WriteFile(file, bytes, length, &written, NULL);
  CloseHandle(file);
}

char *rig_utf8(const wchar_t *text) {
  int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *bytes = malloc(size);
  WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, size, NULL, NULL);
  return bytes;
}

BOOL rig_switch(const wchar_t *name, wchar_t *value, size_t size) {
  wchar_t path[MAX_PATH];
  swprintf(path, MAX_PATH, RIG L"switches\\%ls", name);
  wchar_t *text = rig_text(path);
  if (!text) return FALSE;
  if (value) {
    wcsncpy(value, text, size - 1);
    value[size - 1] = 0;
  }
  free(text);
  return TRUE;
}

DWORD rig_number(const wchar_t *name, DWORD otherwise) {
  wchar_t value[32];
  return rig_switch(name, value, COUNT(value)) ? wcstoul(value, NULL, 10) : otherwise;
}

wchar_t *rig_line(wchar_t **at) {
  wchar_t *line = *at;
  if (!line || !*line) return NULL;
  wchar_t *end = wcschr(line, L'\n');
  *at = end ? end + 1 : line + wcslen(line);
  if (end) *end = 0;
  size_t length = wcslen(line);
  if (length > 0 && line[length - 1] == L'\r') line[length - 1] = 0;
  return line;
}
