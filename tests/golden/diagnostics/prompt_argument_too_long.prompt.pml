<prompt schema="trip">
  <plan days=" a fortnight"/><rome/>
</prompt>
