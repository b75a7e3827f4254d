/*
 * How the tray app finds its server: resolvePath looks for "ollama" without .exe beside the app (never there), then Go's
 * exec.LookPath searches PATH with PATHEXT. A program in the current folder that PATH does not lead to first is an error
 * (go.dev/issue/53536), a quote in PATH joins entries. facts/windows.md 3.3.
 */
#include "app.h"

static BOOL is_file(const wchar_t *path) {
  DWORD attributes = GetFileAttributesW(path);
  return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

static BOOL in_folder(const wchar_t *folder, wchar_t *path) {
  wchar_t endings[512] = L".com;.exe;.bat;.cmd", *next;
  GetEnvironmentVariableW(L"PATHEXT", endings, COUNT(endings));
  for (wchar_t *each = wcstok_s(endings, L";", &next); each; each = wcstok_s(NULL, L";", &next)) {
    swprintf(path, MAX_PATH, L"%ls\\ollama%ls", folder, each);
    if (is_file(path)) return TRUE;
  }
  return FALSE;
}

static BOOL same(const wchar_t *one, const wchar_t *other) {
  wchar_t full[2][MAX_PATH];
  GetFullPathNameW(one, MAX_PATH, full[0], NULL);
  GetFullPathNameW(other, MAX_PATH, full[1], NULL);
  return !wcsicmp(full[0], full[1]);
}

/* The next entry of a PATH as filepath.SplitList cuts it: no cut within quotes, which are dropped. */
static BOOL next_entry(const wchar_t **at, wchar_t *entry) {
  BOOL quoted = FALSE;
  if (!**at) return FALSE;
  for (; **at && (quoted || **at != L';'); (*at)++) {
    if (**at == L'"') quoted = !quoted;
    else *entry++ = **at;
  }
  *entry = 0;
  if (**at) (*at)++;
  return TRUE;
}

BOOL app_find_ollama(wchar_t *path) {
  static wchar_t all[32768], entry[32768];
  wchar_t here[MAX_PATH], found[MAX_PATH];
  const wchar_t *at = all;
  BOOL planted = !GetEnvironmentVariableW(L"NoDefaultCurrentDirectoryInExePath", NULL, 0) && in_folder(L".", here);
  GetEnvironmentVariableW(L"PATH", all, COUNT(all));
  while (next_entry(&at, entry)) {
    if (!*entry || wcslen(entry) > 200 || !in_folder(entry, found)) continue;
    if (planted && !same(here, found)) return FALSE;
    wcscpy(path, found);
    return TRUE;
  }
  return FALSE;
}
