/* link.exe TARGET LINK: makes a link of the shell, as the installer does for the Startup folder. facts/windows.md 2. */
#define COBJMACROS
#include "rig.h"
#include <objbase.h>
#include <shlobj.h>

int wmain(int count, wchar_t **words) {
  IShellLinkW *link = NULL;
  IPersistFile *file = NULL;
  if (count < 3) return 2;
  CoInitialize(NULL);
  if (FAILED(CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER, &IID_IShellLinkW, (void **)&link))) return 1;
  IShellLinkW_SetPath(link, words[1]);
  IShellLinkW_QueryInterface(link, &IID_IPersistFile, (void **)&file);
  return FAILED(IPersistFile_Save(file, words[2], TRUE));
}
