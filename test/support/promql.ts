// Owns reading PromQL: which series an expression asks for and by which labels, so that tests can hold it to the catalogue.
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Selected {
  readonly metric: string;
  /** Names of labels that it is asked by. */
  readonly labels: readonly string[];
  /** The function right around it, such as rate; empty where there is none. */
  readonly within: string;
  /** The nearest aggregation around it, such as sum; empty where there is none. */
  readonly aggregatedBy: string;
}

export interface Grouping {
  readonly labels: readonly string[];
  /** The metrics in what is grouped. */
  readonly metrics: readonly string[];
}

export interface Asked {
  readonly selected: readonly Selected[];
  readonly groupings: readonly Grouping[];
}

/**
 * @param expression with Grafana's variables replaced
 * @throws Error where it is not PromQL
 */
export function readPromQL(expression: string): Asked {
  const tree = parser.parse(expression);
  const selected: Selected[] = [];
  const groupings: Grouping[] = [];
  const textOf = (node: SyntaxNode): string => expression.slice(node.from, node.to);
  const selectorsIn = (node: SyntaxNode): SyntaxNode[] => descendantsOf(node).filter(({ name }) => name === 'VectorSelector');
  const metricOf = (node: SyntaxNode): string => textOf(node.getChild('Identifier') ?? node);
  for (const node of descendantsOf(tree.topNode)) {
    if (node.type.isError) throw new Error(`not PromQL, at ${node.from}: ${expression}`);
    if (node.name === 'VectorSelector') {
      const matchers = descendantsOf(node).filter(({ name }) => name === 'LabelName');
      const call = nearest(node, 'FunctionCall')?.getChild('FunctionIdentifier') ?? null;
      const aggregation = nearest(node, 'AggregateExpr')?.getChild('AggregateOp') ?? null;
      selected.push({
        metric: metricOf(node),
        labels: matchers.map(textOf),
        within: call === null ? '' : textOf(call),
        aggregatedBy: aggregation === null ? '' : textOf(aggregation),
      });
    }
    if (node.name === 'GroupingLabels') {
      const whole = nearest(node, 'AggregateExpr') ?? tree.topNode;
      const labels = descendantsOf(node).filter(({ name }) => name === 'LabelName');
      groupings.push({ labels: labels.map(textOf), metrics: selectorsIn(whole).map(metricOf) });
    }
  }
  return { selected, groupings };
}

function descendantsOf(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child, ...descendantsOf(child));
  return found;
}

function nearest(node: SyntaxNode, name: string): SyntaxNode | null {
  for (let around = node.parent; around !== null; around = around.parent) if (around.name === name) return around;
  return null;
}
