<prompt schema="office">
  <tone/>
  <today/>
  <person who="Jo Ek" subject="a lost dog"/>
</prompt>
