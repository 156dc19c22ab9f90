<prompt schema="trip">
  <plan duration="three days"><hills/></plan>
  <user>Answer in Portuguese, please.</user>
</prompt>
