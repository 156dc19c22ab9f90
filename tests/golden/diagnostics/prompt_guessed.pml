<schema name="guessed"><module name="plan">Plan.</module></schema>
