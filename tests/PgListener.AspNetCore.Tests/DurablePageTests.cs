using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using PgListener.Durable.Tests;
using WebApi.Tests;
using static Microsoft.Playwright.Assertions;
using static PgListener.AspNetCore.Tests.DurableShop;

namespace PgListener.AspNetCore.Tests;

/// <summary>The page with durable channels in a real browser, on a real database: what a person sees, and does.</summary>
public sealed partial class DurablePageTests(Chromium chromium, ServerFixture server)
{
    static DurablePageTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Fact]
    public async Task A_dead_letter_is_found_and_requeued()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), Behaviour.Fails(1, 2), static options => (options.MaxAttempts, options.OnFailure) = (1, FailureMode.Park));
        await shop.PublishAsync(new(1, "ann"), new(2, "eve"), new(3));
        await shop.UntilAsync(static status => status.DeadLetters == 2);
        var (page, errors) = await OpenAsync(shop);

        await Expect(page.Locator("h1")).ToHaveTextAsync("2 dead letters");
        await Expect(page.Locator(".subscriptions .state")).ToHaveTextAsync("Has dead letters");
        await Expect(page.Locator(".groups > li")).ToContainTextAsync("System.IO.InvalidDataException × 2", new() { UseInnerText = true });
        await page.GetByRole(AriaRole.Button, new() { Name = "Show dead letters with" }).ClickAsync();
        await Expect(page.Locator(".letters > li")).ToHaveCountAsync(2);
        await Expect(page.Locator(".letters > li").First).ToContainTextAsync("key ann · 1 attempt · dead for");
        await Expect(page.Locator(".letters .error:visible")).ToHaveTextAsync(["Order 1 is wrong.", "Order 2 is wrong."]);

        shop.Handler.Failing.Clear();
        await page.Locator(".letters > li").First.GetByText("Requeue").ClickAsync();
        await Expect(page.GetByText("1 dead letter is attempted again.")).ToBeVisibleAsync();
        await Expect(page.Locator(".letters > li")).ToHaveCountAsync(1);
        await shop.UntilHandledAsync(3, 1);
        await Expect(page.Locator("h1")).ToHaveTextAsync("1 dead letter");

        await page.GetByText("Requeue all").ClickAsync();
        await shop.UntilHandledAsync(3, 1, 2);
        await Expect(page.Locator("h1")).ToHaveTextAsync("The listener is listening");
        await Expect(page.Locator(".subscriptions .state")).ToHaveTextAsync("Up to date");
        await Expect(page.Locator(".letters-panel")).ToBeHiddenAsync();
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [Fact]
    public async Task A_dead_letter_is_deleted_only_when_that_is_confirmed()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), Behaviour.Fails(1), static options => options.MaxAttempts = 1);
        await shop.PublishAsync(new(1), new(2));
        await shop.UntilAsync(static status => status is { DeadLetters: 1, Retries: 1 });
        var (page, errors) = await OpenAsync(shop);
        await page.GetByRole(AriaRole.Button, new() { Name = "Show dead letters with" }).ClickAsync();
        var delete = page.GetByRole(AriaRole.Button, new() { NameRegex = DeleteOne() });

        await delete.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Billing on order_placed will never handle what is deleted");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        await Expect(delete).ToBeFocusedAsync();
        Assert.Equal(1, (await shop.UntilAsync(static _ => true)).DeadLetters);

        await delete.ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Expect(page.GetByText("1 dead letter is deleted.")).ToBeVisibleAsync();
        await shop.UntilHandledAsync(2);
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [Fact]
    public async Task A_subscription_is_paused_and_resumed()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var (page, errors) = await OpenAsync(shop);
        await Expect(page.Locator(".subscriptions .state")).ToHaveTextAsync("Up to date");

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause Billing on order_placed" }).ClickAsync();
        await Expect(page.GetByText("It is paused.")).ToBeVisibleAsync();
        await Expect(page.Locator(".subscriptions .state")).ToHaveTextAsync("Paused");
        await Expect(page.Locator("h1")).ToHaveTextAsync("1 subscription paused");
        await Expect(page.Locator(".holders dd")).ToHaveTextAsync("nobody");
        await shop.PublishAsync(new OrderPlaced(1));
        await Expect(page.Locator(".lag strong")).ToHaveTextAsync("1");

        await page.GetByRole(AriaRole.Button, new() { Name = "Resume Billing on order_placed" }).ClickAsync();
        await shop.UntilHandledAsync(1);
        await Expect(page.Locator(".subscriptions .state")).ToHaveTextAsync("Up to date");
        await Expect(page.Locator(".lag strong")).ToHaveTextAsync("0");
        Assert.Matches("^M[0-9. ML]+", await page.Locator(".lag .line").GetAttributeAsync("d") ?? "");
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [Fact]
    public async Task What_somebody_else_has_done_meanwhile_is_said()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        await shop.UntilAsync(static status => status.Shards[0].Holder is not null);
        await shop.Channels.PauseAsync(Name, TestContext.Current.CancellationToken);
        var (page, _) = await OpenAsync(shop);
        var resume = page.GetByRole(AriaRole.Button, new() { Name = "Resume" });
        await Expect(resume).ToBeVisibleAsync();

        // Before the page has read that.
        await page.RouteAsync("**/actions", async route =>
        {
            await shop.Channels.ResumeAsync(Name, TestContext.Current.CancellationToken);
            await route.ContinueAsync();
        });
        await resume.ClickAsync();

        await Expect(page.Locator(".result")).ToContainTextAsync("Not done. It is not paused any more.");
        await Expect(page.Locator(".result")).ToHaveAttributeAsync("data-tone", "bad");
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_message_that_blocks_a_subscription_is_skipped()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), Behaviour.Fails(1), static options => options.OnFailure = FailureMode.Block);
        await shop.PublishAsync(new(1), new(2));
        var (page, errors) = await OpenAsync(shop);

        await Expect(page.Locator("h1")).ToHaveTextAsync("1 subscription blocked");
        await Expect(page.Locator(".subscriptions .state")).ToHaveTextAsync("Blocked");
        await Expect(page.Locator(".subscriptions .why")).ToContainTextAsync("fails, and blocks shard 0 since ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Skip message" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("will not handle it. What waits behind it in shard 0 goes on.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        Assert.Empty(shop.Handler.Handled);

        await page.GetByRole(AriaRole.Button, new() { Name = "Skip message" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Skip message" }).ClickAsync();
        await Expect(page.GetByText(" is skipped.")).ToBeVisibleAsync();
        await shop.UntilHandledAsync(2);
        await Expect(page.Locator(".subscriptions .state")).ToHaveTextAsync("Up to date");
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [Fact]
    public async Task Messages_are_replayed_from_a_time()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        await shop.PublishAsync(new(1), new(2));
        await shop.UntilHandledAsync(1, 2);
        var (page, errors) = await OpenAsync(shop);

        await page.GetByRole(AriaRole.Button, new() { Name = "Replay from a time" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        await Expect(dialog).ToBeVisibleAsync(); // Without a time it is not sent.
        await dialog.GetByLabel("From").FillAsync(DateTime.Now.AddMinutes(-5).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture)); // Whole minutes: the browser takes ":00" away, and Playwright then refuses the value.
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();

        await Expect(page.GetByText(" that the log still has are delivered again.")).ToBeVisibleAsync();
        await shop.UntilHandledAsync(1, 2, 1, 2);
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [Fact]
    public async Task When_an_instance_ends_the_page_shows_who_has_taken_over()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await StartAsync(database);
        var first = await one.UntilAsync(static status => status.Shards[0].Holder is { Name.Length: > 0 });
        await using var two = await StartAsync(database);
        await two.UntilAsync(static status => status.Members == 2);
        var (page, _) = await OpenAsync(two);
        await Expect(page.Locator(".holders dd")).ToContainTextAsync($"session {first.Shards[0].Holder!.ServerProcess}");

        await one.Site.App.StopAsync(TestContext.Current.CancellationToken);

        var second = await two.UntilAsync(status => status.Shards[0].Holder is { } holder && holder.ServerProcess != first.Shards[0].Holder!.ServerProcess);
        await Expect(page.Locator(".holders dd")).ToContainTextAsync($"session {second.Shards[0].Holder!.ServerProcess}");
        await Expect(page.Locator("#timeline li[data-event=takeover]")).ToContainTextAsync("Taken over 1 shard of Billing on order_placed", new() { UseInnerText = true });
        await Expect(page.Locator("#timeline li[data-event=takeover] div.detail")).ToContainTextAsync($"before by {first.Shards[0].Holder!.Name} (session {first.Shards[0].Holder!.ServerProcess}).");
        await page.CloseAsync();
    }

    [Theory]
    [InlineData("eve", true)]
    [InlineData(null, true)]
    [InlineData(Operator, false)]
    public async Task Those_who_may_not_act_see_everything_but_keys_and_messages_of_errors_and_no_buttons(string? user, bool hasActions)
    {
        await using var shop = await StartAsync(
            await server.CreateDatabaseAsync(), Behaviour.Fails(1), static options => options.MaxAttempts = 1, hasActions ? Map : static app => app.MapPgListener());
        await shop.PublishAsync(new OrderPlaced(1, "ann"));
        await shop.UntilAsync(static status => status.DeadLetters == 1);
        var (page, _) = await OpenAsync(shop, user);

        await Expect(page.Locator(".groups > li")).ToHaveTextAsync("System.IO.InvalidDataException × 1", new() { UseInnerText = true });
        await Expect(page.Locator(".rights")).ToHaveTextAsync(hasActions ? "You may look, but not act." : "");
        await Expect(page.Locator(".durable button:visible")).ToHaveCountAsync(0);
        Assert.DoesNotContain("Order 1", await page.ContentAsync(), StringComparison.Ordinal);
        await page.CloseAsync();
    }

    [Fact]
    public async Task A_sign_in_that_has_ended_is_said()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var (page, _) = await OpenAsync(shop);
        var pause = page.GetByRole(AriaRole.Button, new() { Name = "Pause" });
        await Expect(pause).ToBeVisibleAsync();

        await page.Context.SetExtraHTTPHeadersAsync([]);
        await page.SetExtraHTTPHeadersAsync([]);
        await pause.ClickAsync();

        await Expect(page.Locator(".result")).ToContainTextAsync("Not done. You may not do this, or your sign-in has ended.");
        await page.CloseAsync();
    }

    [Fact]
    public async Task An_act_without_an_answer_is_not_called_undone()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var (page, _) = await OpenAsync(shop);
        await page.RouteAsync("**/actions/pause", static async route =>
        {
            await route.FetchAsync(); // It is done.
            await route.AbortAsync();
        });

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();

        await Expect(page.Locator(".result")).ToContainTextAsync("It is not known whether this was done.");
        await Expect(page.Locator(".result")).Not.ToContainTextAsync("Not done");
        await shop.UntilAsync(static status => status.PausedSince is not null);
        await page.CloseAsync();
    }

    [Fact]
    public async Task A_question_after_the_rights_that_fails_is_asked_again()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var (page, _) = await OpenAsync(shop, before: static page => page.RouteAsync("**/actions", static route => route.AbortAsync(), new() { Times = 1 }));

        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeVisibleAsync();
        await page.CloseAsync();
    }

    private async Task<(IPage Page, IReadOnlyList<string> Errors)> OpenAsync(DurableShop shop, string? user = Operator, Func<IPage, Task>? before = null)
    {
        var page = await chromium.OpenPageAsync();
        if (user is not null)
            await page.SetExtraHTTPHeadersAsync(new Dictionary<string, string>(StringComparer.Ordinal) { [HeaderAuthentication.Header] = user });
        if (before is not null)
            await before(page);
        List<string> errors = [];
        page.Console += (_, message) => errors.Add(message.Text);
        page.PageError += (_, error) => errors.Add(error);
        await page.GotoAsync(shop.Site.Page.ToString());
        await Expect(page.Locator(".subscriptions > li")).ToHaveCountAsync(1);
        return (page, errors);
    }

    [GeneratedRegex("^Delete … message", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex DeleteOne();
}
