<prompt schema="trip">
  before
  <plan days=" 3">inside</plan>
  <rome/>
</prompt>
