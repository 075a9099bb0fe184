if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=//\ %s comments=:// shiftwidth=2 softtabstop=2 expandtab textwidth=120
if executable("ros")
  setlocal formatprg=ros\ fmt\ - makeprg=ros\ check\ %
  setlocal errorformat=%E%trror[%.%#]:\ %m,%W%tarning[%.%#]:\ %m,%C%*[\ ]-->\ %f:%l:%c,%-G%.%#
endif
let b:undo_ftplugin = "setlocal commentstring< comments< shiftwidth< softtabstop< expandtab< textwidth< formatprg< makeprg< errorformat<"
