<prompt schema="trip">
  <plan days=" 3"/>
  this does not fit before Rome
  <rome/>
</prompt>
