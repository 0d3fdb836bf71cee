# Completes a line in an interactive zsh, and prints what zsh offers. Usage: zsh -f complete.zsh SCRIPT LINE
zmodload zsh/zpty
found=$(mktemp)
setup=$(mktemp)
cat >$setup <<END
PROMPT= PS2=
autoload -Uz compinit
compinit -u -d ${(q)1}.dump
source ${(q)1}
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "\$@"; return; fi
  local -a hits
  builtin compadd -A hits "\$@"
  (( \$#hits == 0 )) || print -rl -- \$hits >>$found
  builtin compadd "\$@"
}
tell() { print -r -- "<com""pleted>" }
comppostfuncs=(tell)
rm -f -- $setup
print -r -- "<rea""dy>"
END
zpty inner zsh -f -i
zpty -w inner "source $setup"
zpty -r inner text '*<ready>*'
zpty -w -n inner "$2"$'\t'
zpty -r inner text '*<completed>*'
zpty -d inner
cat -- $found
rm -f -- $found
