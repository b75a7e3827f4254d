/*
 * registry.exe, the rig's own access, with types and in UTF-8:
 *   get KEY NAME | set KEY NAME TYPE VALUE | delete KEY [NAME] | list KEY
 * `list` prints NAME, TYPE and VALUE with \x1f between and \x1e after each.
 */
#include "rig.h"

static const wchar_t *types[] = {L"REG_NONE", L"REG_SZ", L"REG_EXPAND_SZ", L"REG_BINARY", L"REG_DWORD", NULL, NULL, L"REG_MULTI_SZ"};

static HKEY root(wchar_t *key, wchar_t **below) {
  *below = wcschr(key, L'\\');
  if (*below) *(*below)++ = 0;
  return wcscmp(key, L"HKLM") ? HKEY_CURRENT_USER : HKEY_LOCAL_MACHINE;
}

static void show(const wchar_t *name, DWORD type, BYTE *data, DWORD size) {
  static wchar_t text[40000];
  text[0] = 0;
  if (type == REG_DWORD) swprintf(text, COUNT(text), L"%lu", *(DWORD *)data);
  else if (type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ) {
    size_t length = size / sizeof(wchar_t);
    memcpy(text, data, length * sizeof(wchar_t));
    text[length] = 0;
    while (length > 0 && !text[length - 1]) length--;
    for (size_t i = 0; i < length; i++)
      if (!text[i]) text[i] = L'\n';
  }
  char *bytes[2] = {rig_utf8(name), rig_utf8(text)};
  printf("%s\x1f%ls\x1f%s\x1e", bytes[0], type < COUNT(types) && types[type] ? types[type] : L"REG_BINARY", bytes[1]);
}

static LONG set(HKEY key, const wchar_t *name, const wchar_t *word, wchar_t *value) {
  DWORD type = REG_SZ, size = (wcslen(value) + 1) * sizeof *value, number = wcstoul(value, NULL, 10);
  for (DWORD i = 0; i < COUNT(types); i++)
    if (types[i] && !wcscmp(types[i], word)) type = i;
  if (type == REG_DWORD) return RegSetValueExW(key, name, 0, type, (BYTE *)&number, sizeof number);
  if (type == REG_MULTI_SZ) {
    wchar_t *copy = calloc(wcslen(value) + 2, sizeof *copy);
    wcscpy(copy, value);
    for (wchar_t *each = copy; *each; each++)
      if (*each == L'\n') *each = 0;
    return RegSetValueExW(key, name, 0, type, (BYTE *)copy, size + sizeof *copy);
  }
  return RegSetValueExW(key, name, 0, type, (BYTE *)value, size);
}

int wmain(int count, wchar_t **words) {
  static wchar_t name[16384];
  static BYTE data[65536];
  wchar_t *below;
  HKEY key;
  if (count < 3) return 2;
  HKEY top = root(words[2], &below);
  if (!wcscmp(words[1], L"set") && count == 6)
    return RegCreateKeyExW(top, below, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL) || set(key, words[3], words[4], words[5]);
  if (!wcscmp(words[1], L"delete") && count == 3) return RegDeleteTreeW(top, below) != ERROR_SUCCESS;
  if (RegOpenKeyExW(top, below, 0, KEY_ALL_ACCESS, &key)) return 1;
  if (!wcscmp(words[1], L"delete")) return RegDeleteValueW(key, words[3]) != ERROR_SUCCESS;
  for (DWORD i = 0, name_size, type, size;; i++) {
    name_size = COUNT(name), size = sizeof data - 4;
    if (RegEnumValueW(key, i, name, &name_size, NULL, &type, data, &size)) break;
    show(name, type, data, size);
  }
  return 0;
}
