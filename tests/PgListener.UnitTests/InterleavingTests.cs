namespace PgListener.UnitTests;

/// <summary>The protocol of runs and sessions in every order: what comes late must not count.</summary>
public class InterleavingTests
{
    public static TheoryData<string[], int> Beginnings => new()
    {
        { [], 6 },
        { ["subscribe", "start", "begin", "send", "answer", "prove"], 5 },
        { ["start", "begin", "send", "answer", "prove", "arrive", "subscribe"], 5 },
        { ["start", "begin", "send", "prove", "stop", "start", "begin"], 5 },
    };

    [Theory]
    [MemberData(nameof(Beginnings))]
    public void Every_order_of_steps_keeps_what_is_promised(string[] beginning, int depth)
    {
        var orders = 0;
        var steps = new List<string>(beginning);
        Extend(depth);
        TestContext.Current.TestOutputHelper?.WriteLine($"{orders:n0} orders");
        Assert.True(orders > 1_000);

        void Extend(int left)
        {
            foreach (var step in SessionModel.Steps)
            {
                steps.Add(step);
                if (TryRun(steps, isEnd: left == 1))
                {
                    orders++;
                    if (left > 1)
                        Extend(left - 1);
                }

                steps.RemoveAt(steps.Count - 1);
            }
        }
    }

    /// <summary>Makes the steps from the beginning, and looks after the last of them, since those before have been looked at.</summary>
    /// <returns>Whether the last could be made.</returns>
    private static bool TryRun(List<string> steps, bool isEnd)
    {
        var model = new SessionModel();
        var made = true;
        foreach (var step in steps)
            made = model.TryStep(step);
        if (!made)
            return false;

        var wrong = model.WhatIsWrong() ?? (isEnd ? model.WhatIsWrongInTheEnd() : null);
        if (wrong is not null)
            Assert.Fail($"{wrong} After: {string.Join(", ", steps)}.");
        return true;
    }
}
