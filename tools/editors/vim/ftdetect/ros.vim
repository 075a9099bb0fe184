autocmd BufNewFile,BufRead *.ros setfiletype ros
