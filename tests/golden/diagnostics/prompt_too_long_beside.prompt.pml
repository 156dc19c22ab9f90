<prompt schema="trip">
  <plan days="a fortnight">Quietly</plan><nosuch/>
  <end when="now"/>
</prompt>
