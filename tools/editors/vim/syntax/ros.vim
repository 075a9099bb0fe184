if exists("b:current_syntax")
  finish
endif
syn keyword rosDeclaration ros ruleset version override for use metric fact raw table from key check param let report require
syn keyword rosDeclaration state exclusive candidates as need sort decide first every rule offer required allow fixture test given with expect org
syn keyword rosConditional if then else when where
syn keyword rosOperator and or not in
syn keyword rosConstant true false missing
syn keyword rosFunction known unknown upper any all max min sum count p50 p90 p95 p99 lowest highest
syn keyword rosOutcome none certain skipped withheld offers
syn match rosPath "\.\h\w*"
syn match rosNumber "\<\d\+\(\.\d\+\)\?\>"
syn match rosQuantity "\<\d\+\(\.\d\+\)\? \?\(%\|\(B\|KiB\|MiB\|GiB\|TiB\|vcpu\|count\|USD\|ms\|s\|min\|h\|d\)\>\)\(/\(s\|min\|h\|d\)\>\)\?"
syn match rosSymbol "[<>=!]=\~\?\|??\|\.\."
syn match rosEscape "\\\(u{\x\+}\|.\)" contained
syn region rosPart matchgroup=rosEscape start="{" end="}" contained contains=rosFunction,rosPath,rosNumber,rosQuantity,rosSymbol,rosOperator,rosConditional,rosConstant
syn match rosBrace "{{\|}}" contained
syn region rosText start=+"+ skip=+\\.+ end=+"+ oneline contains=rosEscape,rosBrace,rosPart
syn match rosComment "//.*$" contains=@Spell
hi def link rosDeclaration Statement
hi def link rosConditional Conditional
hi def link rosOperator Operator
hi def link rosConstant Constant
hi def link rosFunction Function
hi def link rosOutcome Special
hi def link rosNumber Number
hi def link rosQuantity Number
hi def link rosSymbol Operator
hi def link rosText String
hi def link rosEscape SpecialChar
hi def link rosBrace SpecialChar
hi def link rosComment Comment
let b:current_syntax = "ros"
